/** The core group's kinds. */

import type {
  V1ConfigMap,
  V1Container,
  V1ContainerStatus,
  V1EnvVar,
  V1Namespace,
  V1Node,
  V1Pod,
  V1PodSpec,
  V1Probe,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1Volume,
  V1VolumeMount,
} from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type Pod = Json<V1Pod>;
export type PodSpec = Json<V1PodSpec>;
export type Container = Json<V1Container>;
export type ContainerStatus = Json<V1ContainerStatus>;
export type EnvVar = Json<V1EnvVar>;
export type Probe = Json<V1Probe>;
export type Volume = Json<V1Volume>;
export type VolumeMount = Json<V1VolumeMount>;
export type Service = Json<V1Service>;
export type Namespace = Json<V1Namespace>;
export type Node = Json<V1Node>;
export type Secret = Json<V1Secret>;
export type ConfigMap = Json<V1ConfigMap>;
export type ServiceAccount = Json<V1ServiceAccount>;
