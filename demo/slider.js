// The slider between the photo before and after.
import { $ } from "./dom.js";

/** Shows the photo before up to `percent` of the width, the cut-out beyond it. */
export function compare(percent, slowly = false) {
  const range = $("compare");
  $("frame").classList.toggle("slowly", slowly);
  range.value = String(percent);
  range.setAttribute("aria-valuetext", `${Math.round(percent)} percent before, ${100 - Math.round(percent)} percent after`);
  $("frame").style.setProperty("--at", `${percent}%`);
}

/** Lets mouse, finger and keys move it. */
export function start() {
  const frame = $("frame");
  const move = (event) => {
    const box = frame.getBoundingClientRect();
    compare(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
  };
  frame.addEventListener("pointerdown", (event) => {
    const pans = $("view").classList.contains("zoomed") && event.target !== $("handle");
    if (event.button !== 0 || pans || $("compare").disabled) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    $("compare").focus(/** @type {FocusOptions} */ ({ preventScroll: true, focusVisible: false }));
    if (event.pointerType === "mouse") move(event); // a finger may be about to scroll the page
    frame.addEventListener("pointermove", move);
    const end = () => frame.removeEventListener("pointermove", move);
    frame.addEventListener("pointerup", end, { once: true });
    frame.addEventListener("pointercancel", end, { once: true });
  });
  $("compare").addEventListener("input", () => compare(Number($("compare").value)));
  compare(Number($("compare").value));
}
