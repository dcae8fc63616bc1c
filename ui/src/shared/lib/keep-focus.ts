const FOCUSABLE = "a[href], button, input, select, textarea, label, [tabindex], [contenteditable=true]";
const REMEMBERED = 200;

type Place = { element: HTMLElement; page: string };

/**
 * Bring focus to a sensible place whenever what had it is removed or disabled, so that keyboards and screen readers never
 * begin at the top of the page again: to what had it before, as the button that opened a menu; on another page to its content.
 */
export function keepFocus(): void {
  const places: Place[] = [];
  // Whoever presses beside everything wants nothing to have focus.
  let unwanted = true;
  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    unwanted = false;
    // Once each: who goes round in a dialog would else push out what opened it.
    const known = places.findIndex(({ element }) => element === target);
    if (known >= 0) places.splice(known, 1);
    places.push({ element: target, page: location.pathname });
    if (places.length > REMEMBERED) places.shift();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    unwanted = !(target instanceof Element && target.closest(FOCUSABLE));
  });
  const restore = () => {
    if (unwanted || (document.activeElement && document.activeElement !== document.body)) return;
    const dialog = [...document.querySelectorAll<HTMLElement>("[role=dialog][aria-modal=true]")].at(-1);
    const before = places.findLast((place) => place.page !== location.pathname || isOpen(place.element, dialog));
    const there = before?.page === location.pathname ? before.element : (dialog ?? document.querySelector<HTMLElement>("main"));
    there?.focus({ preventScroll: true });
  };
  new MutationObserver(restore).observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["disabled"],
  });
}

/** Whether something can take focus now: nothing can that lies behind a dialog. */
function isOpen(element: HTMLElement, dialog: HTMLElement | undefined): boolean {
  if (!element.isConnected || element.matches(":disabled") || element.getClientRects().length === 0) return false;
  return !dialog || dialog.contains(element);
}
