// What the page calls what the function tells.

/** What is to do with a photo, and its mark. */
export const VERDICTS = {
  ready: { words: "ready", mark: "✓" }, look: { words: "look at this one", mark: "?" },
  other: { words: "not an exterior", mark: "–" }, unusable: { words: "no usable car", mark: "✕" },
};

const FLAGS = {
  cut_off: "the car is cut off", small: "the car is small", dark: "the photo is dark", blurred: "the photo is blurred", tilted: "the photo is tilted",
  occluded: "something stands before the car", several: "there is another car", low_confidence: "the outline is uncertain",
};
const ADVICE = { retake: ": take it again", look: ": look at the outline" };

export const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** What a photo shows, and what is wrong with it. */
export function shown({ kind, view, flags, advice }) {
  const what = view ? `${kind}, ${view.replace("-", " ")}` : kind, wrong = flags.map((flag) => FLAGS[flag]).join(", ") + (ADVICE[advice] ?? "");
  return [what, wrong].filter(Boolean).map((text) => `${capital(text)}.`).join(" ");
}
