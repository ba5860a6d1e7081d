/**
 * The element with an id of index.html.
 * @type {<Id extends keyof import("./types").Elements>(id: Id) => import("./types").Elements[Id]}
 */
export const $ = (id) => /** @type {any} */ (document.getElementById(id));

/** Tells a screen reader. */
export const announce = (text) => void ($("status").textContent = text);
