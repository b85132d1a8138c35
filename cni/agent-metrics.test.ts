import { expect, test } from "bun:test";
import { AgentMetrics } from "./agent-metrics.ts";

test("AgentMetrics tell what was asked, done and found", () => {
  const metrics = new AgentMetrics("ebpf");
  metrics.served("ADD", { answer: { exit: 0, log: "" }, ms: 3 });
  metrics.served("ADD", { answer: { exit: 1, log: "" }, ms: 3 });
  metrics.looked({ repaired: 1, collected: 2, installed: 3 });
  metrics.pods(["ebpf", "nft", "ebpf"]);
  const text = metrics.text(0);
  for (const line of [
    'linkerd_cni_requests_total{command="ADD",outcome="success"} 1',
    'linkerd_cni_requests_total{command="ADD",outcome="failure"} 1',
    'linkerd_cni_request_duration_ms_count{command="ADD"} 2',
    "linkerd_cni_repaired_total 1",
    "linkerd_cni_collected_total 2",
    "linkerd_cni_installed_total 3",
    'linkerd_cni_redirected_pods{kind="ebpf"} 2',
    'linkerd_cni_redirected_pods{kind="iptables"} 0',
    'linkerd_cni_redirect_info{kind="ebpf"} 1',
  ])
    expect(text).toContain(`${line}\n`);
});
