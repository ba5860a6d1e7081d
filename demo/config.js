// What the function told the page, and the function's own limits.

const meta = /** @type {HTMLMetaElement} */ (document.querySelector("meta[name=forecourt]"));

/** Without an API key there are only previews, and a limited number an hour. */
export const limited = meta.content === "preview";

export const LIMITS = { bytes: 22_000_000, pixels: 8192 * 6144, previewPixels: 250_000 };
