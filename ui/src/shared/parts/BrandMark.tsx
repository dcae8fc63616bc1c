/** The mark: a heartbeat. The same drawing is the page's icon. */
export function BrandMark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="8" fill="#0b6e63" />
      <path
        d="M5 17h5.2l2.6-7.6 5.2 14 3.2-9.4 1.4 3H27"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
