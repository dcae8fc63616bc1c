import { expect, test } from "vitest";

import { ApiError } from "@/api/errors";
import { sortProblems } from "@/shared/form/use-api-form";

const refused = (...fields: [string, string][]) =>
  new ApiError(400, "validation_failed", "It is not valid.", { fields: fields.map(([field, problem]) => ({ field, problem })) });

test("a problem is shown at its field, also when it is with one entry of a list", () => {
  const failure = refused(["name", "must not be empty"], ["allowedNetworks.0", "is no network"]);
  expect(sortProblems(failure, ["name", "allowedNetworks"])).toEqual({
    fields: { name: "Must not be empty", allowedNetworks: "Is no network" },
    rest: null,
  });
});

test("a problem with something that the form does not show is told for the whole form", () => {
  const failure = refused(["name", "is too long"], ["userId", "is unknown"]);
  expect(sortProblems(failure, ["name"])).toEqual({ fields: { name: "Is too long" }, rest: failure });
});

test("names differ between a form and a request where the form says so", () => {
  const failure = refused(["publicEndpoints.uiUrl", "is no URL"]);
  const { fields } = sortProblems(failure, ["uiUrl"], {}, { "publicEndpoints.uiUrl": "uiUrl" });
  expect(fields).toEqual({ uiUrl: "Is no URL" });
});

test("an error code stands for a field where the form says so", () => {
  const taken = new ApiError(409, "token_name_conflict", "There is a token of that name.");
  expect(sortProblems(taken, ["name"], { token_name_conflict: "name" }).fields).toEqual({ name: "There is a token of that name." });
  expect(sortProblems(taken, ["name"])).toEqual({ fields: {}, rest: taken });
});
