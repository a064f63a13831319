// How much a rate that was counted in a sample says about the rate that it is a sample of.

export interface RateInterval {
  /** As counted: `count / all`. */
  readonly rate: number
  /** Between these two the true rate lies with a confidence of 95 %. */
  readonly low: number
  readonly high: number
}

/** Of the normal distribution: 95 % lie within so many standard deviations. */
const Z = 1.959_964

/**
 * The Wilson score interval of a proportion; unlike the normal approximation it holds for few samples and for rates near
 * 0 and 1.
 *
 * @throws {RangeError} without a sample
 * @see https://doi.org/10.1080/01621459.1927.10502953
 */
export function wilsonInterval(count: number, all: number): RateInterval {
  if (all <= 0 || count < 0 || count > all) throw new RangeError(`no proportion: ${count} of ${all}`)
  const rate = count / all
  const spread = Z * Math.sqrt((rate * (1 - rate)) / all + (Z * Z) / (4 * all * all))
  const scale = 1 + (Z * Z) / all
  const center = rate + (Z * Z) / (2 * all)
  return {
    rate,
    low: count === 0 ? 0 : (center - spread) / scale,
    high: count === all ? 1 : (center + spread) / scale,
  }
}
