// What the panel asks for: parameters of the function, and the background, which is laid behind the car here.
import { previewOnly } from "./apikey.js";
import { $ } from "./dom.js";

/** @import { Background, Parameter } from "./types" */

const COLOURS = { white: "#ffffff", grey: "#e4e4e2", black: "#000000" };

/** Pictures that were chosen. @type {{ logo: File | null, backdrop: File | null }} */
export const chosen = { logo: null, backdrop: null };

/** Parameters of the wire; a change of one needs another request. @returns {Parameter[]} */
export function parameters() {
  const form = new FormData($("panel")), text = (name) => String(form.get(name));
  /** @type {Parameter[]} */
  const list = [];
  const size = previewOnly() ? "preview" : text("size"), framing = text("framing");
  if (size !== "full") list.push(["size", size]);
  if (form.has("shadow")) list.push(["shadow_type", "contact"], ["shadow_opacity", text("shadow-opacity")]);
  if (framing === "crop") list.push(["crop", "true"], ["crop_margin", text("margin") === "0" ? "0" : `${text("margin")}%`]);
  if (framing === "place") list.push(["scale", `${text("scale")}%`], ["position", `${text("across")}% ${text("down")}%`]);
  if (framing === "line") list.push(["car_width", `${text("car-width")}%`], ["ground", `${text("ground")}%`]);
  if (form.has("glass")) list.push(["semitransparency", "true"]);
  if (chosen.logo) {
    list.push(["watermark_file", chosen.logo], ["watermark_position", text("place")], ["watermark_scale", text("logo-scale")], ["watermark_opacity", text("logo-opacity")]);
  }
  return list;
}

/** The same parameters have the same key. */
export const keyOf = (list) => JSON.stringify(list.map(([name, value]) => [name, value instanceof File ? [value.name, value.size, value.lastModified] : value]));

/** @returns {Background} */
export function background() {
  const value = String(new FormData($("panel")).get("background"));
  if (value === "none") return { kind: "none" };
  if (value === "picture") return chosen.backdrop ? { kind: "picture", file: chosen.backdrop } : { kind: "none" };
  return { kind: "colour", colour: COLOURS[value] ?? $("colour").value };
}
