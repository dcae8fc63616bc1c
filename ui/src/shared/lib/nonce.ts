/** The one-time word that the content security policy of this page accepts on `<style>`. Empty while developing. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

// What locks the scrolling behind a dialog adds a style of its own, and looks for the word here.
Object.assign(globalThis, { __webpack_nonce__: styleNonce });
