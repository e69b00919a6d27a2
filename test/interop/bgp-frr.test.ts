import { startFrr } from "../support/routers/frr.ts";
import { describeRouter } from "../support/routers/router-suite.ts";

describeRouter("FRR", {
  start: startFrr,
  linkLocal: "speaker",
  needs: ["bin:zebra", "bin:bgpd", "bin:vtysh"],
  deconfigured: /Peer De-?configured|Cease/i,
});
