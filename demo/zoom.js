// From the whole picture down to its pixels. Zoomed in, the picture scrolls: by finger, wheel, arrow keys, or by pulling it.

const view = document.getElementById("view"), frame = document.getElementById("frame"), group = document.getElementById("zoom");
const MOST = 8;
let zoom = 0; // screen pixels a pixel; 0: the whole picture

const fitting = () => (frame.clientWidth * devicePixelRatio) / Number(view.style.getPropertyValue("--w"));

/** wanted: screen pixels a pixel, 0 for the whole picture; (x, y), shares of the view, stay where they are. */
export function zoomTo(wanted, x = 0.5, y = 0.5) {
  const whole = zoom ? Math.min(view.clientWidth / frame.clientWidth, view.clientHeight / frame.clientHeight) * zoom : fitting();
  zoom = wanted === 0 || Math.abs(wanted / whole - 1) < 0.01 ? 0 : Math.min(MOST, Math.max(wanted, Math.min(whole, 1)));
  const before = frame.getBoundingClientRect(), box = view.getBoundingClientRect();
  const [across, down] = [(box.left + x * box.width - before.left) / before.width, (box.top + y * box.height - before.top) / before.height];
  view.style.setProperty("--zoom", zoom / devicePixelRatio);
  view.classList.toggle("zoomed", zoom > 0);
  view.classList.toggle("pixels", zoom >= 2);
  if (zoom) {
    view.tabIndex = 0;
    view.setAttribute("role", "region");
    view.setAttribute("aria-label", "Photo, zoomed: the arrow keys move it");
  } else ["tabindex", "role", "aria-label"].forEach((name) => view.removeAttribute(name));
  view.scrollTo(across * frame.clientWidth - x * view.clientWidth, down * frame.clientHeight - y * view.clientHeight);
  group.querySelector("[data-zoom=fit]").setAttribute("aria-pressed", zoom === 0);
  group.querySelector("[data-zoom=pixels]").setAttribute("aria-pressed", zoom === 1);
}

const now = () => zoom || fitting();
const steps = { in: () => zoomTo(now() * 2), out: () => zoomTo(now() / 2), fit: () => zoomTo(0), pixels: () => zoomTo(1) };
group.addEventListener("click", (event) => steps[event.target.dataset.zoom]?.());

document.querySelector(".stage").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const step = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "pixels" }[event.key];
  if (step && !group.hidden) steps[step]();
});

frame.addEventListener("dblclick", (event) => {
  const box = view.getBoundingClientRect();
  zoomTo(zoom ? 0 : Math.max(1, 2 * fitting()), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
});

frame.addEventListener("pointerdown", (event) => {
  if (!zoom || event.pointerType !== "mouse" || event.target.id === "handle") return;
  event.preventDefault();
  frame.setPointerCapture(event.pointerId);
  const pull = (moved) => view.scrollBy(-moved.movementX, -moved.movementY);
  frame.addEventListener("pointermove", pull);
  frame.addEventListener("pointerup", () => frame.removeEventListener("pointermove", pull), { once: true });
});
