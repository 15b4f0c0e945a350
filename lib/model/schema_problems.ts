/** What a zod schema finds wrong, as sentences for someone who knows the fields and not the schema. */
import { z } from "zod";
import type { Problem } from "../errors.ts";
import { didYouMean } from "../suggest.ts";

type Path = readonly PropertyKey[];

/**
 * One problem per wrong, missing or unknown field.
 *
 * @param schema the object schema the error came from, for the names that are known at each path
 * @param json what was checked
 * @param where what to call it: a file name, `--config`
 */
export function schemaProblems(
  error: z.ZodError,
  schema: z.core.$ZodType,
  json: unknown,
  where: string,
): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys") {
      const known = fieldsAt(schema, json, issue.path);
      return issue.keys.map((key) => ({
        where: place(where, [...issue.path, key]),
        message: `there is no such field.${didYouMean(key, known) || ` Known here: ${known.join(", ")}.`}`,
      }));
    }
    const value = valueAt(json, issue.path);
    return [{
      where: place(where, issue.path),
      ...(value === undefined || typeof value === "object" ? {} : { value: String(value) }),
      message: sentence(issue, value),
    }];
  });
}

function place(where: string, path: Path): string {
  return path.length === 0 ? where : `${where}, ${path.map(String).join(".")}`;
}

function valueAt(json: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) => typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined,
    json,
  );
}

function sentence(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return value === undefined
        ? `is missing; give ${KINDS[issue.expected] ?? issue.expected}.`
        : `must be ${KINDS[issue.expected] ?? issue.expected}.`;
    case "invalid_value":
      return notOneOf(issue.values.map(String), value);
    case "invalid_union": // of objects that differ by one field
      return notOneOf(
        "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [],
        value,
      );
    case "too_small":
      return `must be ${issue.inclusive ? "at least" : "above"} ${issue.minimum}.`;
    case "too_big":
      return `must be ${issue.inclusive ? "at most" : "below"} ${issue.maximum}.`;
    default:
      return `${issue.message}.`;
  }
}

const KINDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  object: "an object of fields, { ... }",
  string: "a text in quotes",
};

function notOneOf(options: readonly string[], value: unknown): string {
  const list = options.join(", ");
  if (value === undefined) return `is missing; give one of ${list}.`;
  return `is not one of ${list}.${didYouMean(String(value), options)}`;
}

/** Names of the fields that may stand at a path, given what was chosen there. */
function fieldsAt(schema: z.core.$ZodType, json: unknown, path: Path): string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return fieldsAt(schema.unwrap(), json, path);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const key = schema.def.discriminator;
    const chosen = schema.options.find((option) =>
      option instanceof z.ZodObject && option.shape[key].safeParse(valueAt(json, [key])).success
    );
    return chosen === undefined ? [key] : fieldsAt(chosen, json, path);
  }
  if (!(schema instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  return key === undefined
    ? Object.keys(schema.shape)
    : fieldsAt(schema.shape[String(key)], valueAt(json, [key]), rest);
}
