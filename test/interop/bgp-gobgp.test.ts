import { startGobgp } from "../support/routers/gobgp.ts";
import { describeRouter } from "../support/routers/router-suite.ts";

describeRouter("GoBGP", { start: startGobgp, needs: ["bin:gobgpd", "bin:gobgp"], slowToDial: true, asksAgain: false });
