/** Names of the tables that the workload controllers read. */
export const TABLE = {
  pods: "pods",
  nodes: "nodes",
  deployments: "deployments.apps",
  replicaSets: "replicasets.apps",
  daemonSets: "daemonsets.apps",
} as const;
