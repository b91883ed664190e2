// A pad to draw the signature on: strokes of points, sent as text, so that they stay sharp at any size.
"use strict";
(() => {
  const root = document.querySelector("[data-drawing]");
  if (!root || !window.PointerEvent) return;
  const WIDTH = 600, HEIGHT = 200, APART = 3, MOST_POINTS = 1400, MOST_STROKES = 150;
  const canvas = root.querySelector("canvas");
  const field = root.querySelector("[name=drawing]");
  const choice = root.querySelector("[value=drawn]");
  const ink = canvas.getContext("2d");
  let strokes = read(field.value);
  let drawing = null;

  function read(text) {
    const [ground, ...parts] = text.split("_");
    if (ground !== `${WIDTH}.${HEIGHT}`) return [];
    return parts.map((part) => part.split("-").map((point) => point.split(".").map(Number)));
  }

  const written = () =>
    strokes.length ? [[[WIDTH, HEIGHT]], ...strokes].map((stroke) => stroke.map((point) => point.join(".")).join("-")).join("_") : "";

  const show = () => {
    const box = canvas.getBoundingClientRect();
    const dense = window.devicePixelRatio || 1;
    canvas.width = Math.round(box.width * dense);
    canvas.height = Math.round(box.height * dense);
    const scale = canvas.width / WIDTH;
    ink.setTransform(scale, 0, 0, scale, 0, 0);
    ink.strokeStyle = getComputedStyle(canvas).color;
    ink.lineWidth = 4;
    ink.lineCap = ink.lineJoin = "round";
    for (const stroke of strokes) {
      const last = stroke.length - 1;
      ink.beginPath();
      ink.moveTo(...stroke[0]);
      for (let n = 1; n < last; n += 1) {
        const [x, y] = stroke[n];
        const [nextX, nextY] = stroke[n + 1];
        const end = n + 1 === last ? [nextX, nextY] : [(x + nextX) / 2, (y + nextY) / 2];
        ink.quadraticCurveTo(x, y, ...end);
      }
      if (last < 2) ink.lineTo(...stroke[last]);
      ink.stroke();
    }
  };

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const within = (value, most) => Math.min(Math.max(Math.round(value), 0), most);
    return [
      within(((event.clientX - box.left) / box.width) * WIDTH, WIDTH),
      within(((event.clientY - box.top) / box.height) * HEIGHT, HEIGHT),
    ];
  };

  // Long drawings keep every second point, which the eye does not miss.
  const thin = () => {
    while (strokes.reduce((sum, stroke) => sum + stroke.length, 0) > MOST_POINTS) {
      strokes = strokes.map((stroke) => stroke.filter((_, n) => n % 2 === 0 || n === stroke.length - 1));
    }
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0 || strokes.length >= MOST_STROKES) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    drawing = event.pointerId;
    choice.checked = true;
    strokes.push([at(event)]);
    show();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const events = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    const stroke = strokes[strokes.length - 1];
    for (const each of events.length ? events : [event]) {
      const [x, y] = at(each);
      const [lastX, lastY] = stroke[stroke.length - 1];
      if (Math.hypot(x - lastX, y - lastY) >= APART) stroke.push([x, y]);
    }
    show();
  });
  const lift = (event) => {
    if (event.pointerId !== drawing) return;
    drawing = null;
    thin();
    field.value = written();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  root.querySelector("button").addEventListener("click", () => {
    strokes = [];
    field.value = "";
    show();
  });
  root.hidden = false;
  new ResizeObserver(show).observe(canvas);
})();
