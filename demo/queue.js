// The strip of photos below the stage, each with how far it is.
const list = document.getElementById("queue");
const WORDS = { waiting: "waiting", sending: "being sent", cutting: "being cut out", done: "done", failed: "failed" };

/** Adds a photo's button; `choose` is called when it is pressed. */
export function enqueue(photo, choose) {
  const item = document.createElement("li"), button = document.createElement("button"), image = new Image();
  const bar = document.createElement("progress"), mark = document.createElement("span");
  button.type = "button";
  image.src = photo.url;
  image.alt = "";
  mark.className = "mark";
  button.append(image, bar, mark);
  button.addEventListener("click", choose);
  item.append(button);
  list.append(item);
  const draw = () => {
    button.className = photo.state;
    button.setAttribute("aria-label", `${photo.name}, ${WORDS[photo.state]}${photo.problem ? `: ${photo.problem.title}` : ""}`);
    bar.hidden = photo.state === "done" || photo.state === "failed";
    if (photo.state === "cutting") bar.removeAttribute("value");
    else bar.value = photo.share;
    mark.hidden = !bar.hidden;
    mark.textContent = photo.state === "done" ? "✓" : "!";
  };
  photo.addEventListener("change", draw);
  draw();
  photo.button = button;
}

export function mark(current) {
  for (const button of list.querySelectorAll("button")) button.setAttribute("aria-current", button === current.button);
  current.button.scrollIntoView({ block: "nearest", inline: "nearest" });
}
