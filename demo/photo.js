// One photo in the queue: measured, made small, sent and answered, once for each thing that was asked of it.
import { keyOf } from "./settings.js";
import { shrink } from "./shrink.js";
import { post } from "./wire.js";

const AT_ONCE = 2;
let busy = 0;
const line = [];

/** Waits for one of AT_ONCE places. */
async function place(work) {
  if (busy >= AT_ONCE) await new Promise((go) => line.push(go));
  busy++;
  try {
    return await work();
  } finally {
    busy--;
    line.shift()?.();
  }
}

export class Photo extends EventTarget {
  state = "waiting"; // sending, cutting, done, failed
  share = 0; // sent, 0 to 1
  problem = null;
  plain = null; // an answer that is not cropped: where the car stands in the photo
  #asked = null; // key of what was asked last
  #work = null; // until that is answered, one way or the other
  #answers = new Map();

  constructor(file) {
    super();
    this.file = file;
    this.name = file.name || "photo";
    this.url = URL.createObjectURL(file);
    this.measured = this.#measure();
  }

  get stem() {
    return this.name.replace(/\.[^.]*$/, "");
  }

  answer(asked) {
    return this.#answers.get(keyOf(asked));
  }

  /** Whether this is what was asked last, with whatever outcome. */
  asks(asked) {
    return this.#asked === keyOf(asked);
  }

  /** Gets the answer to what is asked, if it is not there or on its way yet; a failure is tried again. */
  cut(asked) {
    if (!this.asks(asked) || this.state === "failed") this.#work = this.#begin(keyOf(asked), asked);
    return this.#work;
  }

  async #begin(key, asked) {
    this.#asked = key;
    this.problem = null;
    if (this.#answers.has(key)) return this.#tell("done");
    this.#tell("waiting");
    await place(async () => {
      if (this.#asked === key) await this.#get(key, asked);
    });
  }

  async #get(key, asked) {
    try {
      this.#progress(0);
      this.small ??= await shrink(this.file, ...(await this.measured));
      const answer = await post([["image_file", this.small], ...asked, ["format", "png"]], (share) => this.#asked === key && this.#progress(share));
      this.#answers.set(key, answer);
      if (!asked.some(([name]) => name === "crop")) this.plain ??= answer;
      if (this.#asked === key) this.#tell("done");
    } catch (problem) {
      if (!problem.title) throw problem;
      if (this.#asked !== key) return;
      this.problem = problem;
      this.#tell("failed");
    }
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
    this.#tell(share < 1 ? "sending" : "cutting");
  }

  #tell(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
