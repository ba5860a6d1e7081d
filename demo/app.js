// The page's start: takes photos however they come, and moves the slider. All else is loaded once a photo is there.

const $ = (id) => document.getElementById(id);

export const limited = document.querySelector("meta[name=forecourt]").content === "preview";
document.querySelector(".limited").hidden = !limited;

/** Shows the photo as it was up to `share` percent of the width, the answer beyond it. */
export function compare(share) {
  const range = $("compare");
  range.value = share;
  range.setAttribute("aria-valuetext", `${Math.round(share)} percent before, ${100 - Math.round(share)} percent after`);
  $("frame").style.setProperty("--at", `${share}%`);
}

function slide() {
  const frame = $("frame"), view = $("view");
  const move = (event) => {
    const box = frame.getBoundingClientRect();
    compare(Math.min(100, Math.max(0, (100 * (event.clientX - box.left)) / box.width)));
  };
  frame.addEventListener("pointerdown", (event) => {
    const pans = view.classList.contains("zoomed") && event.target !== $("handle");
    if (event.button !== 0 || pans || $("compare").disabled) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    $("compare").focus({ preventScroll: true, focusVisible: false });
    if (event.pointerType === "mouse") move(event); // a finger may be about to scroll the page
    frame.addEventListener("pointermove", move);
    const end = () => frame.removeEventListener("pointermove", move);
    frame.addEventListener("pointerup", end, { once: true });
    frame.addEventListener("pointercancel", end, { once: true });
  });
  $("compare").addEventListener("input", (event) => compare(+event.target.value));
  compare(+$("compare").value);
}

/** Photos to the studio, which comes with the first. */
async function take(files) {
  if (files.length) (await studio()).add([...files]);
}

async function studio() {
  try {
    return await import("./studio.js");
  } catch (error) {
    $("trouble-title").textContent = "The page is not complete";
    $("trouble-text").textContent = "The connection broke while it was loading. Load it again.";
    $("again").hidden = true;
    $("trouble").hidden = false;
    throw error;
  }
}

async function sample(number) {
  const name = `sample-${number}.webp`;
  const answer = await fetch(`demo/${name}`);
  await take([new File([await answer.blob()], name, { type: "image/webp" })]);
}

function intake() {
  for (const input of [$("chooser"), $("camera")]) {
    input.addEventListener("click", studio, { once: true }); // loads while the visitor chooses
    input.addEventListener("change", () => {
      take([...input.files]);
      input.value = "";
    });
  }
  $("add").addEventListener("click", () => $("chooser").click());
  document.querySelectorAll("[data-sample]").forEach((button) => button.addEventListener("click", () => sample(button.dataset.sample)));
  addEventListener("paste", (event) => take([...event.clipboardData.files]));

  let depth = 0; // every element on the way sends its own enter and leave
  const over = (by) => {
    depth = Math.max(0, depth + by);
    $("drop").classList.toggle("shown", depth > 0);
  };
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => holdsFiles(event) && over(1));
  addEventListener("dragleave", (event) => holdsFiles(event) && over(-1));
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    over(-depth);
    take([...event.dataTransfer.files]);
  });
}

slide();
intake();
