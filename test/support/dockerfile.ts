import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { DockerfileParser, type Env, type From, type Instruction } from "dockerfile-ast";

/** What an image says of the process that is started from it. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  /** `UID:GID`. */
  readonly user: string;
  readonly env: Readonly<Record<string, string>>;
  /** What an engine runs to ask whether it is well; empty: nothing. */
  readonly healthcheck: readonly string[];
}

/** The targets of the Dockerfile that are images. */
export const IMAGE_TARGETS = ["controller", "speaker"] as const;
export type ImageTarget = (typeof IMAGE_TARGETS)[number];

const DOCKERFILE = resolve(import.meta.dirname, "../../Dockerfile");

export function dockerfileText(): string {
  return readFileSync(DOCKERFILE, "utf8");
}

/** What one target of a Dockerfile says, with what the stages say that it is made from. Throws when there is none. */
export function imageConfig(target: ImageTarget, text = dockerfileText()): ImageConfig {
  const instructions = stageOf(target, DockerfileParser.parse(text).getInstructions());
  const last = (keyword: string) => instructions.findLast((instruction) => instruction.getKeyword() === keyword);
  const entrypoint = last("ENTRYPOINT")?.getArgumentsContent() ?? undefined;
  if (entrypoint === undefined) throw new Error(`target ${target} of the Dockerfile has no ENTRYPOINT`);
  return {
    entrypoint: JSON.parse(entrypoint) as string[],
    user: last("USER")?.getArgumentsContent() ?? "0:0",
    env: Object.fromEntries(instructions.flatMap(environmentOf)),
    healthcheck: wordsAfter("CMD", last("HEALTHCHECK")?.getArgumentsContent() ?? ""),
  };
}

/** The instructions of a stage after those of the stages it is made from. */
function stageOf(name: string, all: readonly Instruction[]): readonly Instruction[] {
  const start = all.findIndex(
    (instruction) => instruction.getKeyword() === "FROM" && (instruction as From).getBuildStage() === name,
  );
  if (start === -1) return [];
  const next = all.findIndex((instruction, index) => index > start && instruction.getKeyword() === "FROM");
  const base = (all[start] as From).getImage() ?? "";
  return [...stageOf(base, all.slice(0, start)), ...all.slice(start + 1, next === -1 ? undefined : next)];
}

function environmentOf(instruction: Instruction): (readonly [string, string])[] {
  if (instruction.getKeyword() !== "ENV") return [];
  return (instruction as Env).getProperties().map((property) => [property.getName(), property.getValue() ?? ""]);
}

function wordsAfter(keyword: string, text: string): readonly string[] {
  const [, words] = text.split(`${keyword} `);
  return words === undefined ? [] : (JSON.parse(words) as string[]);
}
