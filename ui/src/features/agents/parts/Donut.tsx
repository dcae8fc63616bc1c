export type Slice = { key: string; share: number; color: string };

const RADIUS = 40;
const AROUND = 2 * Math.PI * RADIUS;

/** Shares of a whole as a ring. What it shows stands beside it in words, so it is decoration for who cannot see it. */
export function Donut({ slices, size = 104 }: { slices: Slice[]; size?: number }) {
  const starts = slices.map((_, index) => slices.slice(0, index).reduce((sum, slice) => sum + slice.share, 0));
  return (
    <svg width={size} height={size} viewBox="0 0 100 100" aria-hidden>
      <circle cx="50" cy="50" r={RADIUS} fill="none" stroke="var(--tc-line)" strokeWidth="15" />
      {slices.map((slice, index) => (
        <circle
          key={slice.key}
          cx="50"
          cy="50"
          r={RADIUS}
          fill="none"
          stroke={slice.color}
          strokeWidth="15"
          strokeDasharray={`${Math.max(0, slice.share * AROUND - 1)} ${AROUND}`}
          strokeDashoffset={-starts[index]! * AROUND}
          transform="rotate(-90 50 50)"
        />
      ))}
    </svg>
  );
}
