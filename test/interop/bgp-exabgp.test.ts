import { startExabgp } from "../support/routers/exabgp.ts";
import { describeRouter } from "../support/routers/router-suite.ts";

describeRouter("ExaBGP", { start: startExabgp, needs: ["bin:exabgp"], deconfigured: /./ });
