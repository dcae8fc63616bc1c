import { useForm, type UseFormInput, type UseFormReturnType } from "@mantine/form";
import { type SubmitEvent, useState } from "react";

import { ApiError } from "@/api/errors";

type FormValues = Record<string, unknown>;

export type ApiForm<V extends FormValues> = {
  form: UseFormReturnType<V>;
  onSubmit: (event?: SubmitEvent<HTMLFormElement>) => void;
  busy: boolean;
  /** What the server refused and no field of the form stands for. */
  error: unknown;
};

type Options<V extends FormValues> = UseFormInput<V> & {
  submit: (values: V) => Promise<unknown>;
  /** Which field an error code is about: `{ token_name_conflict: "name" }`. */
  fieldOfCode?: Partial<Record<string, keyof V & string>>;
  /** Which field of the form stands for a field of the request, where the names differ. */
  fieldOfRequest?: Partial<Record<string, keyof V & string>>;
};

/** A form that sends itself and shows what the server refuses at the field that is meant. */
export function useApiForm<V extends FormValues>({ submit, fieldOfCode, fieldOfRequest, ...input }: Options<V>): ApiForm<V> {
  const form = useForm<V>(input);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const send = async (values: V) => {
    setBusy(true);
    setError(null);
    try {
      await submit(values);
    } catch (failure) {
      const { fields, rest } = sortProblems(failure, Object.keys(values), fieldOfCode, fieldOfRequest);
      form.setErrors(fields);
      setError(rest);
      focusFirst(Object.keys(fields).map((field) => form.getInputNode(field)));
    } finally {
      setBusy(false);
    }
  };
  const onSubmit = form.onSubmit(
    (values) => void send(values),
    (errors) => focusFirst(Object.keys(errors).map((field) => form.getInputNode(field))),
  );
  return { form, onSubmit, busy, error };
}

type Sorted = { fields: Record<string, string>; rest: unknown };

/** Tell which problems belong to a field of the form, and what remains to be said about the whole. */
export function sortProblems(
  failure: unknown,
  known: string[],
  fieldOfCode: Partial<Record<string, string>> = {},
  fieldOfRequest: Partial<Record<string, string>> = {},
): Sorted {
  if (!(failure instanceof ApiError)) return { fields: {}, rest: failure };
  const byCode = fieldOfCode[failure.code];
  if (byCode) return { fields: { [byCode]: failure.message }, rest: null };
  const fields: Record<string, string> = {};
  let homeless = failure.fields.length === 0;
  for (const { field, problem } of failure.fields) {
    const [top = field] = field.split(".");
    const target = fieldOfRequest[field] ?? fieldOfRequest[top] ?? (known.includes(field) ? field : top);
    if (known.includes(target)) fields[target] ??= asSentence(problem);
    else homeless = true;
  }
  return { fields, rest: homeless ? failure : null };
}

function asSentence(problem: string): string {
  return problem.charAt(0).toUpperCase() + problem.slice(1);
}

function focusFirst(nodes: (HTMLElement | null)[]): void {
  nodes.find((node) => node !== null)?.focus();
}
