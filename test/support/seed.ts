/** Setup of every test file: properties run the same cases each time, so that a run can be repeated. METALLB_SEED gives others. */
import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["METALLB_SEED"] ?? 1) });
