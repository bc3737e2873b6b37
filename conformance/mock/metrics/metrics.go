// Package metrics counts what a mock does, for Prometheus. However odd what callers send, there are only so many series.
package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zec-conformance/deletesnapshots/conformance/contract"
	"github.com/zec-conformance/deletesnapshots/conformance/mock"
	"github.com/zec-conformance/deletesnapshots/conformance/mock/store"
)

// Path is where the metrics are served.
const Path = "/metrics"

// What stands for a label's value that is not one of those that are known, or is absent.
const (
	other = "other"
	none  = "none"
)

// maxFaults is how many faults are told apart. Their names come from whoever runs the mock, and there are fewer.
const maxFaults = 256

// Metrics are those of one mock. They share nothing with any other.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	faults   *prometheus.CounterVec
	breaches *prometheus.CounterVec

	mu    sync.Mutex
	known map[string]bool // names of faults
}

// New sets up metrics that nothing has been counted in.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "zec_mock_requests_total",
			Help: "Requests to the API, by action, HTTP status (none: the connection was broken) and error code (none: a success).",
		}, []string{"action", "status", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "zec_mock_request_duration_seconds",
			Help:    "How long requests to the API took, by action.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"action"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "zec_mock_faults_total",
			Help: "Exchanges that were made to go wrong, by the fault's name.",
		}, []string{"fault"}),
		breaches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "zec_mock_breaches_total",
			Help: "Requests that broke a rule for callers, by the rule.",
		}, []string{"rule"}),
		known: map[string]bool{},
	}
	m.registry.MustRegister(m.requests, m.seconds, m.faults, m.breaches,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return m
}

// actions are those that are told apart.
var actions = mock.Actions()

// Observe counts an exchange. It is for mock.WithObserver.
func (m *Metrics) Observe(x *mock.Exchange) {
	action := among(actions, x.Action)
	m.requests.WithLabelValues(action, status(x), code(x)).Inc()
	m.seconds.WithLabelValues(action).Observe(x.Took.Seconds())
	for _, breach := range x.Breaches {
		m.breaches.WithLabelValues(breach.Rule).Inc() // one of contract.CallerRules
	}
	if x.Fault != "" {
		m.faults.WithLabelValues(m.fault(x.Fault)).Inc()
	}
}

// Around serves the metrics of a mock, and leaves every other request to it.
func (m *Metrics) Around(s *mock.Service, next http.Handler) http.Handler {
	m.registry.MustRegister(population{s.Store()})
	// A store that fails keeps nobody from the other metrics.
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() == Path && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			metrics.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func among(known []string, value string) string {
	switch {
	case value == "":
		return none
	case slices.Contains(known, value):
		return value
	default:
		return other
	}
}

func status(x *mock.Exchange) string {
	switch {
	case x.Status == 0:
		return none
	case http.StatusText(x.Status) == "":
		return other
	default:
		return strconv.Itoa(x.Status)
	}
}

func code(x *mock.Exchange) string {
	code := x.Code()
	if _, known := contract.ErrorByCode(code); known {
		return code
	}
	return among(nil, code)
}

// fault gives a fault's name, as long as there are not too many of them.
func (m *Metrics) fault(name string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.known[name] {
		if len(m.known) == maxFaults {
			return other
		}
		m.known[strings.Clone(name)] = true
	}
	return strings.ToValidUTF8(name, "\ufffd")
}

// population counts a store's snapshots when somebody asks.
type population struct{ store *store.Store }

var snapshots = prometheus.NewDesc("zec_mock_snapshots", "Snapshots, by state.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (population) Describe(to chan<- *prometheus.Desc) { to <- snapshots }

// Collect implements prometheus.Collector.
func (p population) Collect(to chan<- prometheus.Metric) {
	counts, err := p.store.Counts()
	if err != nil {
		to <- prometheus.NewInvalidMetric(snapshots, err)
		return
	}
	for _, state := range contract.States {
		to <- prometheus.MustNewConstMetric(snapshots, prometheus.GaugeValue, float64(counts[state]), string(state))
	}
}
