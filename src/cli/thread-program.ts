/** What the threads of a server run (see `ThreadOptions`), beside the program that this is part of. */
export const THREAD_PROGRAM: URL = new URL('./answer-thread.js', import.meta.url)
