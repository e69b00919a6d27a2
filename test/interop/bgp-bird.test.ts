import { startBird } from "../support/routers/bird.ts";
import { describeRouter } from "../support/routers/router-suite.ts";

describeRouter("BIRD", {
  start: startBird,
  linkLocal: "router",
  needs: ["bin:bird", "bin:birdc"],
  deconfigured: /Peer de-configured/,
});
