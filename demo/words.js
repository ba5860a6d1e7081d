// What the page calls what the function tells.

/** What is to do with a photo, and its mark. */
export const VERDICTS = {
  ready: { words: "ready", mark: "✓" }, look: { words: "look at this one", mark: "?" }, retake: { words: "take it again", mark: "↻" },
  other: { words: "not an exterior", mark: "–" }, unusable: { words: "no usable car", mark: "✕" },
};

const FLAGS = {
  cut_off: "the car is cut off", small: "the car is small", dark: "the photo is dark", blurred: "the photo is blurred", tilted: "the photo is tilted",
  occluded: "something stands before the car", several: "another vehicle is as large", low_confidence: "the outline is uncertain",
};

export const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** What a photo shows, and what is wrong with it. */
export function shown({ kind, view, flags, advice }) {
  const what = view ? `${kind}, ${view.replace("-", " ")}.` : `${kind}.`;
  return advice ? `${capital(what)} ${capital(flags.map((flag) => FLAGS[flag]).join(", "))}: ${VERDICTS[advice].words}.` : capital(what);
}
