// One photo: measured, resized, sent, and its cut-outs, one for each set of parameters.
import { post } from "./api.js";
import { previewOnly } from "./apikey.js";
import { LIMITS } from "./config.js";
import { RequestError } from "./errors.js";
import { keyOf } from "./options.js";
import { resized } from "./resize.js";

/** @import { Parameter, Result, State, Verdict } from "./types" */

const AT_ONCE = 2, KEPT = 8; // requests; cut-outs of a photo
let running = 0;
/** @type {(() => void)[]} */
const waiting = [];

/** Runs `work` when fewer than AT_ONCE others run. */
async function enqueue(work) {
  if (running >= AT_ONCE) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
  running++;
  try {
    await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** Sends "change" with every change of its state. */
export class Photo extends EventTarget {
  /** @type {State} */ state = "waiting";
  share = 0; // of the file that has been sent
  /** @type {RequestError | null} */ error = null;
  /** @type {Result | null} */ layout = null; // where the car stands in the photo itself
  #key = ""; // of the parameters that are wanted
  /** @type {Promise<void> | null} */ #work = null;
  /** @type {Map<string, Result>} */ #results = new Map();
  /** @type {{ pixels: number, blob: Blob } | null} */ #upload = null;
  #removed = new AbortController();

  /** @param {boolean} sample not the visitor's own */
  constructor(file, sample) {
    super();
    this.file = file;
    this.sample = sample;
    this.name = file.name || "photo";
    this.url = URL.createObjectURL(file);
    this.measured = this.#measure();
  }

  get stem() {
    return this.name.replace(/\.[^.]*$/, "");
  }

  result(parameters) {
    return this.#results.get(keyOf(parameters));
  }

  /** What the latest answer comes to. @returns {Verdict | null} */
  get verdict() {
    const result = this.state === "done" ? this.#results.get(this.#key) : null;
    return result ? (result.advice ?? "ready") : (this.error?.verdict ?? null);
  }

  /** Whether these parameters were asked for last. */
  wants(parameters) {
    return this.#key === keyOf(parameters);
  }

  /** Gets the result for these parameters unless it is there or on its way; after a failure it tries again. */
  request(parameters) {
    if (!this.#work || !this.wants(parameters) || this.state === "failed") this.#work = this.#request(keyOf(parameters), parameters);
    return this.#work;
  }

  /** Ends its request and frees its pictures. */
  remove() {
    this.#removed.abort();
    for (const { url } of [this, ...this.#results.values()]) URL.revokeObjectURL(url);
    this.#results.clear();
  }

  async #request(key, parameters) {
    this.#key = key;
    this.error = null;
    if (this.#results.has(key)) return this.#change("done");
    this.#change("waiting");
    await enqueue(async () => {
      if (this.#key === key && !this.#removed.signal.aborted) await this.#send(key, parameters);
    });
  }

  async #send(key, parameters) {
    try {
      this.#progress(0);
      const fields = [/** @type {Parameter} */ (["image_file", await this.#uploaded()]), ...parameters, /** @type {Parameter} */ (["format", "png"])];
      const result = await post(fields, (share) => this.#key === key && this.#progress(share), this.#removed.signal);
      this.#keep(key, result);
      if (!parameters.some(([name]) => ["crop", "scale", "car_width"].includes(name))) this.layout ??= result;
      if (this.#key === key) this.#change("done");
    } catch (error) {
      if (this.#removed.signal.aborted || this.#key !== key) return;
      this.error = error instanceof RequestError ? error : new RequestError("This photo can’t be sent", "Save it smaller.");
      this.#change("failed");
      if (this.error !== error) throw error;
    }
  }

  #keep(key, result) {
    if (this.#removed.signal.aborted) return URL.revokeObjectURL(result.url);
    this.#results.set(key, result);
    for (const [old, { url }] of this.#results) {
      if (this.#results.size <= KEPT) return;
      if (old === this.#key) continue;
      URL.revokeObjectURL(url);
      this.#results.delete(old);
    }
  }

  async #uploaded() {
    const pixels = previewOnly() ? LIMITS.previewPixels : LIMITS.pixels, [width, height] = await this.measured;
    if (this.#upload?.pixels !== pixels) this.#upload = { pixels, blob: await resized(this.file, width, height, pixels) };
    return this.#upload.blob;
  }

  /** Width and height as the browser sees them, upright; 0 where it can't read the file. */
  async #measure() {
    const image = new Image();
    image.src = this.url;
    try {
      await image.decode();
    } catch {
      return [0, 0];
    }
    return [image.naturalWidth, image.naturalHeight];
  }

  #progress(share) {
    this.share = share;
    this.#change(share < 1 ? "sending" : "cutting");
  }

  #change(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
