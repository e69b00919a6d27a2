/** What the kernel makes of a classic BPF program, as far as our filters use it: how many bytes of the frame pass. */
export function runFilter(program: Uint8Array, frame: Uint8Array): number {
  const code = new DataView(program.buffer, program.byteOffset, program.length);
  let accumulator = 0;
  for (let at = 0, steps = 0; at * 8 < program.length; steps++) {
    if (steps > program.length / 8) throw new Error("a filter can't loop");
    const operand = code.getUint32(at * 8 + 4, true);
    const step = run(code.getUint16(at * 8, true), operand, accumulator, frame);
    if (step.is === "return") return step.value;
    if (step.is === "load") accumulator = step.value;
    if (step.is === "jump") at += step.by;
    if (step.is === "branch") at += code.getUint8(at * 8 + (step.taken ? 2 : 3));
    at++;
  }
  throw new Error("the program ran past its end");
}

type Step =
  | { readonly is: "return" | "load"; readonly value: number }
  | { readonly is: "jump"; readonly by: number }
  | { readonly is: "branch"; readonly taken: boolean };

function run(opcode: number, operand: number, accumulator: number, frame: Uint8Array): Step {
  switch (opcode) {
    case 0x20:
      return load(frame, operand, 4);
    case 0x28:
      return load(frame, operand, 2);
    case 0x30:
      return load(frame, operand, 1);
    case 0x05:
      return { is: "jump", by: operand };
    case 0x15:
      return { is: "branch", taken: accumulator === operand };
    case 0x35:
      return { is: "branch", taken: accumulator >= operand };
    case 0x06:
      return { is: "return", value: operand };
    default:
      throw new Error(`opcode 0x${opcode.toString(16)}`);
  }
}

/** A load behind the end of the frame ends the program with 0. */
function load(frame: Uint8Array, offset: number, width: number): Step {
  if (offset + width > frame.length) return { is: "return", value: 0 };
  let value = 0;
  for (let i = 0; i < width; i++) value = value * 256 + frame[offset + i]!;
  return { is: "load", value };
}
