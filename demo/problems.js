// What went wrong, said so that anybody knows what to do next.

/** title and text are for people; `again` tells whether the same may work later. */
export class Problem extends Error {
  constructor(title, text, again = false) {
    super(title);
    Object.assign(this, { title, text, again });
  }
}

const SENTENCES = {
  unknown_foreground: ["No car found in this photo", "Try one where a car is larger or less hidden."],
  failed_to_read_image: ["This file can’t be read", "It is damaged, or no picture. JPEG, PNG, WebP and HEIC all work."],
  file_too_large: ["This file is too big", "Photos may have 22 MB. Save it smaller, or as JPEG."],
  body_too_large: ["This file is too big", "Photos may have 22 MB. Save it smaller, or as JPEG."],
  resolution_too_high: ["This photo has too many pixels", "50 megapixels are the most. Save it smaller and try again."],
  invalid_watermark_file: ["The logo can’t be read", "Use a PNG, JPEG or WebP picture."],
  invalid_bg_image_file: ["The backdrop can’t be read", "Use a PNG, JPEG or WebP picture."],
  auth_failed: ["A key is needed here", "Whoever runs this page asks for an API key."],
};

/** The problem that an answer tells, or of an answer that tells none. */
export function problemOf(status, code, detail, headers) {
  if (status === 429) {
    return new Problem("That’s the limit for now", `It ends ${clock(until(headers))}. What is done stays yours.`, true);
  }
  if (status === 503) return new Problem("Busy at the moment", `Many photos are being cut out. Try again in ${waiting(headers)} seconds.`, true);
  if (code in SENTENCES) return new Problem(...SENTENCES[code]);
  if (status >= 500 || !code) return new Problem("Something went wrong on our side", "Your photo is fine. Try again in a moment.", true);
  return new Problem("This can’t be done", `${detail}.`);
}

export function unreachable() {
  if (!navigator.onLine) return new Problem("You are offline", "The photo waits here, and goes out when the connection is back.", true);
  return new Problem("No answer", "The connection broke, or the function can’t be reached. Try again.", true);
}

const waiting = (headers) => Number(headers("Retry-After")) || 5;

/** When a limit ends. */
function until(headers) {
  const seconds = Number(headers("Retry-After"));
  return seconds ? new Date(Date.now() + 1000 * seconds) : new Date(1000 * Number(headers("X-RateLimit-Reset")));
}

function clock(end) {
  const minutes = Math.max(1, Math.round((end - Date.now()) / 60_000));
  const at = end.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (minutes < 90) return `at ${at}, in ${minutes} ${minutes === 1 ? "minute" : "minutes"}`;
  return `at ${at}, in about ${Math.round(minutes / 60)} hours`;
}
