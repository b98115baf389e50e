/** Calls `move(x, y)` with shares of `area`'s box while a pointer that started on `handle` is down. */
export function drag(on, handle, area, move) {
  const share = (event) => {
    const box = area.getBoundingClientRect();
    move((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
  };
  on(handle, "pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    share(event);
  });
  on(handle, "pointermove", (event) => handle.hasPointerCapture(event.pointerId) && share(event));
}
