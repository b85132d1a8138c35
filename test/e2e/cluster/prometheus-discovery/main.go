// Prometheus' own Kubernetes discovery, for a Prometheus that was built without it, as Debian's is.
//
//	prometheus-discovery CONFIGURATION ADDRESS
//
// discovers what the jobs of Prometheus' configuration name, and serves at http://ADDRESS/JOB what
// it has found for a job, in the form of http_sd_configs. What is done with it (relabel_configs) is
// left to the Prometheus that asks.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"go.yaml.in/yaml/v2"
)

// What of a configuration concerns discovery; Prometheus' whole reader brings the SDKs of clouds.
type configuration struct {
	Jobs []job `yaml:"scrape_configs"`
}

type job struct {
	Name      string            `yaml:"job_name"`
	Discovery discovery.Configs `yaml:"-"`
}

// UnmarshalYAML is how Prometheus reads the kinds of discovery that are compiled in.
func (its *job) UnmarshalYAML(unmarshal func(any) error) error {
	return discovery.UnmarshalYAMLWithInlineConfigs(its, unmarshal)
}

// One address with its labels, as http_sd_configs reads it.
type target struct {
	Targets []string       `json:"targets"`
	Labels  model.LabelSet `json:"labels"`
}

// The newest set of each job.
type found struct {
	sync.Mutex
	jobs map[string][]target
}

func main() {
	if len(os.Args) != 3 {
		fail("usage: prometheus-discovery CONFIGURATION ADDRESS")
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	manager, err := start(os.Args[1], logger)
	if err != nil {
		fail(err.Error())
	}
	all := &found{jobs: map[string][]target{}}
	go all.follow(manager.SyncCh())
	fail(http.ListenAndServe(os.Args[2], all).Error())
}

func fail(why string) {
	os.Stderr.WriteString(why + "\n")
	os.Exit(1)
}

func start(file string, logger *slog.Logger) (*discovery.Manager, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	wanted := configuration{}
	if err := yaml.Unmarshal(text, &wanted); err != nil {
		return nil, err
	}
	jobs := map[string]discovery.Configs{}
	for _, job := range wanted.Jobs {
		jobs[job.Name] = job.Discovery
	}
	metrics, err := discovery.CreateAndRegisterSDMetrics(prometheus.DefaultRegisterer)
	if err != nil {
		return nil, err
	}
	manager := discovery.NewManager(context.Background(), logger, prometheus.DefaultRegisterer, metrics)
	go manager.Run()
	return manager, manager.ApplyConfig(jobs)
}

func (all *found) follow(changes <-chan map[string][]*targetgroup.Group) {
	for change := range changes {
		jobs := map[string][]target{}
		for job, groups := range change {
			jobs[job] = flat(groups)
		}
		all.Lock()
		all.jobs = jobs
		all.Unlock()
	}
}

// A target's own labels go before those of its group, as in Prometheus.
func flat(groups []*targetgroup.Group) []target {
	targets := []target{}
	for _, group := range groups {
		for _, own := range group.Targets {
			labels := group.Labels.Merge(own)
			address := string(labels[model.AddressLabel])
			delete(labels, model.AddressLabel)
			targets = append(targets, target{Targets: []string{address}, Labels: labels})
		}
	}
	return targets
}

func (all *found) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	all.Lock()
	targets, known := all.jobs[request.URL.Path[1:]]
	all.Unlock()
	if !known {
		http.Error(answer, "no such job is known yet", http.StatusNotFound)
		return
	}
	answer.Header().Set("Content-Type", "application/json")
	json.NewEncoder(answer).Encode(targets)
}
