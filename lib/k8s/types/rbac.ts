/** Roles and who has them. */

import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1Role,
  V1RoleBinding,
} from "@kubernetes/client-node";
import type { Json } from "./meta.ts";

export type Role = Json<V1Role>;
export type ClusterRole = Json<V1ClusterRole>;
export type RoleBinding = Json<V1RoleBinding>;
export type ClusterRoleBinding = Json<V1ClusterRoleBinding>;
