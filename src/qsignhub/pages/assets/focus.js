// To the field that has an error, without moving the page away from the document.
"use strict";
document.querySelector("[data-focus]")?.focus({ preventScroll: true });
