"""URI: the runs of an MLflow store by their ids, as MLflow's client has them."""

import json
import sys

from mlflow import MlflowClient

client = MlflowClient(tracking_uri=sys.argv[1])
found = {}
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        found[run.info.run_id] = {
            "experiment": experiment.name,
            "name": run.info.run_name,
            "status": run.info.status,
            "start": run.info.start_time,
            "end": run.info.end_time,
            "params": run.data.params,
            "last": run.data.metrics,
            "tags": run.data.tags,
            "history": {
                name: [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)]
                for name in run.data.metrics
            },
        }
print(json.dumps(found))
