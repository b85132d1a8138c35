/** Of which version this program and the control plane are. */

import { type Category, expectThat, type Target } from "./check.ts";
import { readValues } from "./config.ts";

/** Which version is the latest nobody is asked: it counts where the user names it. */
export const isVersionExpected = ({ expectedVersion }: Target): boolean =>
  expectedVersion !== undefined;

/** Category linkerd-version, where a version is named. */
export const VERSION: Category = {
  name: "linkerd-version",
  checks: [
    {
      description: "cli is up-to-date",
      anchor: "l5d-version-cli",
      severity: "warning",
      applies: isVersionExpected,
      run: async ({ version, expectedVersion }) =>
        expectThat(
          version === expectedVersion,
          `is running version ${version} but ${expectedVersion} is expected`,
        ),
    },
  ],
};

/** Category control-plane-version. */
export const CONTROL_PLANE_VERSION: Category = {
  name: "control-plane-version",
  checks: [
    {
      description: "can retrieve the control plane version",
      anchor: "l5d-version-control",
      severity: "fatal",
      run: async (target) => {
        const { linkerdVersion } = await readValues(target);
        expectThat(linkerdVersion !== "", "ConfigMap linkerd-config has no linkerdVersion");
      },
    },
    {
      description: "control plane is up-to-date",
      anchor: "l5d-version-control",
      severity: "warning",
      applies: isVersionExpected,
      run: async (target) => {
        const { linkerdVersion } = await readValues(target);
        expectThat(
          linkerdVersion === target.expectedVersion,
          `is running version ${linkerdVersion} but ${target.expectedVersion} is expected`,
        );
      },
    },
    {
      description: "control plane and cli versions match",
      anchor: "l5d-version-control",
      severity: "warning",
      run: async (target) => {
        const { linkerdVersion } = await readValues(target);
        expectThat(
          linkerdVersion === target.version,
          `control plane running ${linkerdVersion} but cli running ${target.version}`,
        );
      },
    },
  ],
};
