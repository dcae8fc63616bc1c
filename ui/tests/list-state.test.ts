import { expect, test } from "vitest";

import { changedListState, type ListDefaults, readListState, writeListState } from "@/shared/lib/list-state";

const defaults: ListDefaults = { sortBy: "name", sortOrder: "asc", filters: ["status", "label"] };

test("an address and what a list shows are the same thing", () => {
  const address = new URLSearchParams(
    "page=3&limit=50&search=edge&sortBy=status&sortOrder=desc&status=active&label=a&label=b",
  );
  const state = readListState(address, defaults);
  expect(state).toEqual({
    page: 3,
    limit: 50,
    search: "edge",
    sortBy: "status",
    sortOrder: "desc",
    filters: { status: ["active"], label: ["a", "b"] },
  });
  expect(writeListState(state, defaults, new URLSearchParams()).toString()).toBe(address.toString());
});

test("a list as it is at first has an address without a query, and leaves what is not its own", () => {
  const state = readListState(new URLSearchParams(), defaults);
  expect(writeListState(state, defaults, new URLSearchParams("tab=agents&page=9&status=active")).toString()).toBe("tab=agents");
});

test.each(["page=0", "page=-4", "page=x", "limit=7", "limit=100000", "sortOrder=sideways"])(
  "nonsense in an address (%s) means the default",
  (query) => {
    expect(readListState(new URLSearchParams(query), defaults)).toMatchObject({ page: 1, limit: 25, sortOrder: "asc" });
  },
);

test("another filter or order begins at the first page, another page does not", () => {
  const state = readListState(new URLSearchParams("page=7"), defaults);
  expect(changedListState(state, { search: "edge" }).page).toBe(1);
  expect(changedListState(state, { sortBy: "status" }).page).toBe(1);
  expect(changedListState(state, { page: 8 }).page).toBe(8);
});
