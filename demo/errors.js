// What went wrong, and what the visitor can do about it.
import { capital } from "./words.js";

/** A failed request; title and text are for people. */
export class RequestError extends Error {
  retry = false; // the same may work later
  needsKey = false;
  /** @type {import("./types").Verdict | null} */ verdict = null; // on the photo itself
  /** When a rate limit ends, in milliseconds since 1970; 0 for other errors. */
  until = 0;

  constructor(title, text, more = {}) {
    super(title);
    this.title = title;
    this.text = text;
    Object.assign(this, more);
  }
}

const TOO_BIG = ["This file is too big", "The limit is 22 MB. Save the photo smaller, or as JPEG."];

const SENTENCES = {
  unknown_foreground: ["No usable car in this photo", "Try a photo in which the car is larger or less hidden."],
  failed_to_read_image: ["This file can’t be read", "It is damaged or isn’t a picture. JPEG, PNG, WebP, HEIC and AVIF work."],
  missing_source: ["This file is empty", "Copy it from the camera again."],
  file_too_large: TOO_BIG,
  body_too_large: TOO_BIG,
  resolution_too_high: ["This photo has too many pixels", "The limit is 50 megapixels. Save the photo smaller."],
  invalid_watermark_file: ["The logo can’t be read", "Use a PNG, JPEG or WebP picture."],
};

/**
 * The error of an answer with this status; code and detail are the function's own words, if there are any.
 */
export function errorOf(status, code, detail, header) {
  const seconds = Number(header("Retry-After"));
  if (status === 429) {
    const until = Date.now() + 1000 * seconds;
    return new RequestError("Rate limit reached", "Waiting photos are sent when the limit ends. Finished cut-outs stay here.", { retry: true, needsKey: true, until });
  }
  if (code === "auth_failed") return new RequestError("An API key is needed", "The function does not answer without a valid key.", { needsKey: true });
  if (status === 503) return new RequestError("The function is busy", `Many photos are being cut out. Try again in ${seconds || 5} seconds.`, { retry: true });
  const [title, text] = SENTENCES[code ?? ""] ?? [], noCar = code === "unknown_foreground";
  if (noCar && /interior|boot|engine|detail/.test(header("X-Kind"))) return new RequestError("Nothing to cut out", `${capital(detail)}.`, { verdict: "other" });
  if (title) return new RequestError(title, text, { verdict: noCar ? "unusable" : null });
  if (status >= 500 || !code) return new RequestError("Something went wrong on our side", "Your photo is fine. Try again in a moment.", { retry: true });
  return new RequestError("This can’t be done", `${detail}.`);
}

export const tooBig = () => new RequestError(TOO_BIG[0], TOO_BIG[1]);

export function unreachable() {
  if (!navigator.onLine) return new RequestError("You are offline", "The photo is sent when the connection is back.", { retry: true });
  return new RequestError("No answer", "The connection broke, or the function can’t be reached.", { retry: true });
}
