import type { BulkAnswer } from "@/api/types";

/** What a bulk call takes at once. */
export const MOST_AT_ONCE = 1000;

/** Make a bulk call for as many ids as somebody chose, a thousand at a time; the answer is that of all together. */
export async function inChunks(ids: string[], call: (chunk: string[]) => Promise<BulkAnswer>): Promise<BulkAnswer> {
  const whole: BulkAnswer = { results: [], succeeded: 0, failed: 0 };
  for (let start = 0; start < ids.length; start += MOST_AT_ONCE) {
    const answer = await call(ids.slice(start, start + MOST_AT_ONCE));
    whole.results.push(...answer.results);
    whole.succeeded += answer.succeeded;
    whole.failed += answer.failed;
  }
  return whole;
}
