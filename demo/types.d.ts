// Types that the page's modules share; read by the type checker alone.

/** A form field of a call. */
export type Parameter = [name: string, value: string | Blob];

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** An answer; sizes in pixels. */
export interface Result {
  width: number;
  height: number;
  car: Box;
  blob: Blob;
  url: string; // of the blob; revoked by the photo that owns the result
  confidence: number; // 0 to 1
  kind: string; // exterior, interior, ...
  view: string | null; // front-left, ...; of an exterior
  flags: string[]; // what is wrong with the photo
  advice: "look" | "retake" | null;
  milliseconds: number;
}

export type Background = { kind: "none" } | { kind: "colour"; colour: string } | { kind: "picture"; file: File };
export type Format = "png" | "webp" | "jpg";
export type State = "waiting" | "sending" | "cutting" | "done" | "failed";
export type Verdict = "ready" | "look" | "retake" | "other" | "unusable";

/** The elements of index.html that scripts ask for by id. */
export interface Elements {
  add: HTMLButtonElement;
  after: HTMLImageElement;
  again: HTMLButtonElement;
  all: HTMLButtonElement;
  backdrop: HTMLInputElement;
  "backdrop-name": HTMLElement;
  before: HTMLImageElement;
  camera: HTMLInputElement;
  chooser: HTMLInputElement;
  code: HTMLElement;
  "colour-swatch": HTMLElement;
  colour: HTMLInputElement;
  compare: HTMLInputElement;
  countdown: HTMLElement;
  drop: HTMLElement;
  error: HTMLElement;
  "error-text": HTMLElement;
  "error-title": HTMLElement;
  facts: HTMLElement;
  frame: HTMLElement;
  handle: HTMLElement;
  key: HTMLInputElement;
  "key-answer": HTMLOutputElement;
  "key-forget": HTMLButtonElement;
  "key-form": HTMLFormElement;
  logo: HTMLInputElement;
  "logo-label": HTMLElement;
  "logo-remove": HTMLButtonElement;
  panel: HTMLFormElement;
  "picture-swatch": HTMLElement;
  places: HTMLElement;
  progress: HTMLElement;
  "progress-bar": HTMLProgressElement;
  "progress-text": HTMLElement;
  shown: HTMLElement;
  side: HTMLElement;
  stage: HTMLElement;
  status: HTMLElement;
  thumbnails: HTMLOListElement;
  toolbar: HTMLElement;
  verdict: HTMLElement;
  view: HTMLElement;
  zoom: HTMLElement;
}
