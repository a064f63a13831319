// What is asked of a page from inside the browser. Plain JavaScript: the project's types know no document.
/* oxlint-env browser */

globalThis.checks = {
  openAll() {
    for (const details of document.querySelectorAll('details')) details.open = true
  },

  /** Width of the page and of its view, and the elements that stick out. */
  widths() {
    const { scrollWidth, clientWidth } = document.documentElement
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 0.5,
    )
    return { scrollWidth, clientWidth, wide: wide.map((element) => element.outerHTML.slice(0, 80)) }
  },

  ground: () => getComputedStyle(document.body).backgroundColor,

  /** Texts whose contrast with what lies behind them is below WCAG's 4.5:1 (3:1 for large text), as seen. */
  lowContrast() {
    const faults = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement
      const text = node.textContent.trim()
      if (text === '' || element.getClientRects().length === 0) continue
      const style = getComputedStyle(element)
      const [a, b] = [luminance(parseColor(style.color)), luminance(groundOf(element))]
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      if (ratio < (Number.parseFloat(style.fontSize) >= 24 ? 3 : 4.5)) faults.push(`${ratio.toFixed(2)} ${text}`)
    }
    return faults
  },

  /** Numbers everything that the keyboard should reach, in the order of reading, and gives how many there are. */
  numberFocusable() {
    const found = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')]
    for (const [index, element] of found.entries()) element.dataset.order = String(index)
    return found.length
  },

  /** What has the focus: its number, how the focus shows, whether it lies in view. */
  focused() {
    const element = document.activeElement
    const { right } = element.getBoundingClientRect()
    return { order: Number(element.dataset.order), outline: getComputedStyle(element).outlineStyle, isSeen: right > 0 }
  },

  /** How many folded parts show nothing. */
  closed: () =>
    [...document.querySelectorAll('details')].filter(
      (details) => details.lastElementChild.getBoundingClientRect().height === 0,
    ).length,

  /** Tries to run a script and to load an image from elsewhere. */
  async attack() {
    const script = document.createElement('script')
    script.textContent = 'globalThis.hasRun = true'
    document.body.append(script)
    const image = document.createElement('img')
    const refused = new Promise((resolve) => image.addEventListener('error', () => resolve(true)))
    image.src = 'http://192.0.2.1/x.png'
    document.body.append(image)
    return { hasRun: 'hasRun' in globalThis, isRefused: await refused }
  },
}

/** Red, green, blue from 0 to 255, and the opacity where it is not 1. */
function parseColor(color) {
  return (color.match(/[\d.]+/g) ?? []).map(Number)
}

/** See https://www.w3.org/TR/WCAG21/#dfn-relative-luminance */
function luminance([red, green, blue]) {
  const [r, g, b] = [red, green, blue].map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function groundOf(element) {
  for (let one = element; one !== null; one = one.parentElement) {
    const color = parseColor(getComputedStyle(one).backgroundColor)
    if ((color[3] ?? 1) > 0) return color
  }
  return [255, 255, 255]
}
