"""The Kubernetes work pool's job template: Prefect's own, with the workspace's volume mounted.

python docs/kubernetes_pool.py > pool.json
prefect work-pool create equipoise-kubernetes --type kubernetes --base-job-template pool.json
"""

import json
import sys
from importlib.resources import files
from typing import Any

WORKSPACE = "/workspace"
CLAIM = "equipoise-workspace"


def default_template(package: str, kind: str) -> Any:
    """The job template that this version of Prefect gives a pool of that kind."""
    views = files("prefect.server.api").joinpath("collections_data/views")
    known = json.loads(views.joinpath("aggregate-worker-metadata.json").read_text("utf-8"))
    return known[package][kind]["default_base_job_configuration"]


def kubernetes_template() -> Any:
    """The same for Kubernetes, with a variable for the claim of the workspace's volume."""
    template = default_template("prefect-kubernetes", "kubernetes")
    template["variables"]["properties"]["workspace_claim"] = {
        "title": "Workspace claim",
        "description": "The persistent volume claim that holds the workspace.",
        "default": CLAIM,
        "type": "string",
    }
    pod = template["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    claim = {"claimName": "{{ workspace_claim }}"}
    pod["volumes"] = [{"name": "workspace", "persistentVolumeClaim": claim}]
    pod["containers"][0]["volumeMounts"] = [{"name": "workspace", "mountPath": WORKSPACE}]
    return template


if __name__ == "__main__":
    json.dump(kubernetes_template(), sys.stdout, indent=2)
