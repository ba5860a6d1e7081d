// From the whole picture down to its pixels. Zoomed in, the picture scrolls: by finger, wheel, arrow keys or mouse.
import { $ } from "./dom.js";

const view = $("view"), frame = $("frame"), MOST = 8;
let zoom = 0; // screen pixels a pixel; 0: the whole picture

const fitting = () => (frame.clientWidth * devicePixelRatio) / Number(view.style.getPropertyValue("--w"));

/** wanted: screen pixels a pixel, 0 for the whole picture; (x, y), shares of the view, stay where they are. */
export function zoomTo(wanted, x = 0.5, y = 0.5) {
  const whole = zoom ? Math.min(view.clientWidth / frame.clientWidth, view.clientHeight / frame.clientHeight) * zoom : fitting();
  zoom = wanted === 0 || Math.abs(wanted / whole - 1) < 0.01 ? 0 : Math.min(MOST, Math.max(wanted, Math.min(whole, 1)));
  const before = frame.getBoundingClientRect(), box = view.getBoundingClientRect();
  const [across, down] = [(box.left + x * box.width - before.left) / before.width, (box.top + y * box.height - before.top) / before.height];
  view.style.setProperty("--zoom", String(zoom / devicePixelRatio));
  view.classList.toggle("zoomed", zoom > 0);
  view.classList.toggle("pixels", zoom >= 2);
  if (zoom) {
    view.tabIndex = 0;
    view.role = "region";
    view.ariaLabel = "Photo, zoomed: the arrow keys move it";
  } else ["tabindex", "role", "aria-label"].forEach((name) => view.removeAttribute(name));
  view.scrollTo(across * frame.clientWidth - x * view.clientWidth, down * frame.clientHeight - y * view.clientHeight);
  for (const [name, level] of /** @type {const} */ ([["fit", 0], ["pixels", 1]])) {
    $("zoom").querySelector(`[data-zoom=${name}]`)?.setAttribute("aria-pressed", String(zoom === level));
  }
}

const now = () => zoom || fitting();
const steps = { in: () => zoomTo(now() * 2), out: () => zoomTo(now() / 2), fit: () => zoomTo(0), pixels: () => zoomTo(1) };
const keys = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "pixels" };

$("zoom").addEventListener("click", (event) => event.target instanceof HTMLElement && steps[event.target.dataset.zoom ?? ""]?.());
$("stage").addEventListener("keydown", (event) => {
  if (!event.ctrlKey && !event.metaKey && !event.altKey && event.target !== $("key") && !$("zoom").hidden) steps[keys[event.key] ?? ""]?.();
});

frame.addEventListener("pointerdown", (event) => {
  if (!zoom || event.pointerType !== "mouse" || event.target === $("handle")) return;
  event.preventDefault();
  frame.setPointerCapture(event.pointerId);
  const pull = (moved) => view.scrollBy(-moved.movementX, -moved.movementY);
  frame.addEventListener("pointermove", pull);
  frame.addEventListener("pointerup", () => frame.removeEventListener("pointermove", pull), { once: true });
});
