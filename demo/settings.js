// What the panel asks for: what the function must do again for, and what is done here.
import { limited } from "./app.js";

const panel = document.getElementById("panel");
const NAMES = { white: "#ffffff", grey: "#e4e4e2", black: "#000000" };

/** Pictures that were chosen: File or null. */
export const chosen = { logo: null, backdrop: null };

/** The function's parameters, as [name, value], that a change of the panel makes it asked again for. */
export function fields() {
  const form = new FormData(panel), asked = [];
  if (limited) asked.push(["size", "preview"]);
  if (form.get("shadow") !== "none") asked.push(["shadow_type", form.get("shadow")], ["shadow_opacity", form.get("shadow-opacity")]);
  if (form.get("crop")) asked.push(["crop", "true"], ["crop_margin", form.get("margin") === "0" ? "0" : `${form.get("margin")}%`]);
  if (chosen.logo) {
    asked.push(["watermark_file", chosen.logo], ["watermark_position", form.get("place")],
               ["watermark_scale", form.get("logo-scale")], ["watermark_opacity", form.get("logo-opacity")]);
  }
  return asked;
}

/** The same fields give the same key. */
export const keyOf = (asked) => asked.map(([name, value]) => `${name}=${value instanceof File ? `${value.name}/${value.size}/${value.lastModified}` : value}`).join("&");

/** What stands behind the car: { kind: "none" }, { kind: "colour", colour } or { kind: "picture", file }. */
export function behind() {
  const value = new FormData(panel).get("behind");
  if (value === "none" || (value === "picture" && !chosen.backdrop)) return { kind: "none" };
  if (value === "picture") return { kind: "picture", file: chosen.backdrop };
  return { kind: "colour", colour: NAMES[value] ?? document.getElementById("colour").value };
}
