export const LANGUAGES = ['en', 'zh'] as const

/** The languages of reports: English and Simplified Chinese. */
export type Language = (typeof LANGUAGES)[number]
