// The function as the page asks it. XMLHttpRequest, because fetch does not tell how much of a photo has been sent.
import { limited } from "./app.js";
import { problemOf, unreachable } from "./problems.js";

const ADDRESS = limited ? "try" : "./";

/** Posts [name, value] fields; `progress` hears the share sent, 0 to 1. Rejects with a Problem. */
export function post(fields, progress) {
  const body = new FormData();
  for (const [name, value] of fields) value instanceof Blob ? body.append(name, value, value.name ?? "photo") : body.append(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", ADDRESS);
    request.responseType = "blob";
    request.setRequestHeader("Accept", "image/*");
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.upload.onload = () => progress(1);
    request.onerror = () => reject(unreachable());
    request.onload = async () => {
      const header = (name) => request.getResponseHeader(name);
      if (request.status === 200) return resolve(answerOf(request.response, header));
      const { code, detail } = await told(request.response);
      reject(problemOf(request.status, code, detail, header));
    };
    request.send(body);
  });
}

async function told(blob) {
  try {
    return JSON.parse(await blob.text()).errors[0];
  } catch {
    return {}; // a proxy's page instead of the function's own words
  }
}

function answerOf(blob, header) {
  const [width, height, left, top, carWidth, carHeight] = ["Width", "Height", "Foreground-Left", "Foreground-Top", "Foreground-Width", "Foreground-Height"]
    .map((name) => Number(header(`X-${name}`)));
  const stages = [...(header("Server-Timing") ?? "").matchAll(/dur=([\d.]+)/g)].map((match) => Number(match[1]));
  return {
    blob, width, height, url: URL.createObjectURL(blob), confidence: Number(header("X-Confidence")),
    milliseconds: stages.reduce((sum, stage) => sum + stage, 0), car: { left, top, width: carWidth, height: carHeight },
  };
}
