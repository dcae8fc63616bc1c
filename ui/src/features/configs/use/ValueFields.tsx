import { Fieldset, SimpleGrid, TextInput } from "@mantine/core";

type Field = { name: string; default: string | null; required: boolean };

type ValueFieldsProps = {
  title: string;
  note: string;
  fields: Field[];
  values: Record<string, string>;
  onChange: (values: Record<string, string>) => void;
};

/** One field for each placeholder; what is left empty has its default. Nothing when there are none. */
export function ValueFields({ title, note, fields, values, onChange }: ValueFieldsProps) {
  if (fields.length === 0) return null;
  return (
    <Fieldset legend={`${title} · ${note.toLowerCase()}`} p="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {fields.map((field) => (
          <TextInput
            key={field.name}
            size="xs"
            label={field.name}
            withAsterisk={field.required}
            placeholder={field.default === null ? "" : field.default || "(empty)"}
            spellCheck={false}
            value={values[field.name] ?? ""}
            onChange={(event) => onChange({ ...values, [field.name]: event.currentTarget.value })}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
