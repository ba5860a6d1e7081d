// @ts-check
// What the function told the page, and the function's own limits.

const meta = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=forecourt]"));

/** Without an API key there are only previews, and a limited number an hour. */
export const limited = meta.content === "preview";

export const LIMITS = { bytes: 22_000_000, pixels: 50_000_000, previewPixels: 250_000 };

/** From which X-Confidence on a cut-out is ready, and from which one it is usable after a look. */
export const READY = 0.5, USABLE = 0.1;
