package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/kubernetes-sigs/kro/api/v1alpha1"
	instancecontroller "github.com/kubernetes-sigs/kro/pkg/controller/instance"
	"github.com/kubernetes-sigs/kro/pkg/graph"
	"github.com/kubernetes-sigs/kro/pkg/metadata"
	kroruntime "github.com/kubernetes-sigs/kro/pkg/runtime"
)

type resolveRequest struct {
	graphRequest
	Instance json.RawMessage `json:"instance"`
	// Observed exist from before and stay as they are; what kro makes besides exists as it is made.
	Observed []json.RawMessage `json:"observed"`
}

type resolveAnswer struct {
	OK bool `json:"ok"`
	// Phase tells who refuses: those of a graph, `instance` (the API server), `resolve` (kro, what waiting does not heal).
	Phase string `json:"phase,omitempty"`
	Err   string `json:"err,omitempty"`
	// Node is where it fails.
	Node string `json:"node,omitempty"`
	// State is kro's `status.state` when nothing changes any more.
	State  string                 `json:"state,omitempty"`
	Nodes  map[string]*nodeAnswer `json:"nodes,omitempty"`
	Status map[string]any         `json:"status,omitempty"`
	// StatusErr is what the API server has against the status, which then stays as it was.
	StatusErr string `json:"statusErr,omitempty"`
	// Conditions are the author's, and ConditionsErr is what kro has against some of them.
	Conditions    []map[string]string `json:"conditions,omitempty"`
	ConditionsErr string              `json:"conditionsErr,omitempty"`
	Rounds        int                 `json:"rounds,omitempty"`
}

type nodeAnswer struct {
	// State is `skipped`, `pending` (not made), `waiting` (made, not ready), `ready` or `error`.
	State   string           `json:"state"`
	Err     string           `json:"err,omitempty"`
	Objects []map[string]any `json:"objects,omitempty"`
	// Reads says what an external reference looks for.
	Reads map[string]any `json:"reads,omitempty"`
}

func resolve(req resolveRequest) (ans resolveAnswer) {
	g, served, refused := built(req.graphRequest)
	if !refused.OK {
		return resolveAnswer{Phase: refused.Phase, Err: refused.Err}
	}
	kind, err := admissionOf(g.CRD)
	if err != nil {
		return resolveAnswer{Phase: "crd", Err: err.Error()}
	}
	instance, err := kind.admit(req.Instance)
	if err != nil {
		return resolveAnswer{Phase: "instance", Err: err.Error()}
	}
	w := newWorld(served)
	for _, raw := range req.Observed {
		object := map[string]any{}
		if err := utiljson.Unmarshal(raw, &object); err != nil {
			return resolveAnswer{Phase: "request", Err: err.Error()}
		}
		w.give(object)
	}
	const most = 100
	for round := 1; round <= most; round++ {
		w.changed = false
		ans = reconcile(g, instance, w)
		ans.Rounds = round
		if !w.changed {
			break
		}
	}
	return ans
}

// failure is an error of one node that ends the reconcile.
type failure struct {
	node string
	err  error
}

// reconcile does once what kro's instance controller does (pkg/controller/instance/resources.go), with a world as the cluster.
func reconcile(g *graph.Graph, instance *unstructured.Unstructured, w *world) resolveAnswer {
	rt, err := kroruntime.FromGraph(g, limits, kroruntime.WithInstance(instance))
	if err != nil {
		return resolveAnswer{Phase: "resolve", Err: err.Error()}
	}
	nodes := map[string]*nodeAnswer{}
	desired := map[string][]*unstructured.Unstructured{}
	for _, node := range rt.Nodes() {
		id := node.Spec.Meta.ID
		nodes[id] = &nodeAnswer{State: "pending"}
		objects, err := process(node, nodes[id], w)
		if err != nil && !kroruntime.IsDataPending(err) {
			return resolveAnswer{Phase: "resolve", Node: id, Err: err.Error()}
		}
		if err != nil {
			nodes[id].Err = err.Error()
		}
		if owns(node) {
			desired[id] = objects
		}
	}
	if failed := apply(rt, desired, nodes, w); failed != nil {
		return resolveAnswer{Phase: "resolve", Node: failed.node, Err: failed.err.Error()}
	}
	ans := resolveAnswer{OK: true, State: "ACTIVE", Nodes: nodes}
	for _, node := range nodes {
		if node.State == "error" {
			ans.State = "ERROR"
		} else if ans.State == "ACTIVE" && (node.State == "pending" || node.State == "waiting") {
			ans.State = "IN_PROGRESS"
		}
	}
	status, err := rt.Instance().GetDesired()
	if err != nil {
		return resolveAnswer{Phase: "status", Err: err.Error(), Nodes: nodes, State: ans.State}
	}
	if ans.Status, err = stored(g.CRD, status[0].Object); err != nil {
		ans.StatusErr = err.Error()
	}
	return withConditions(ans, rt.Instance(), instance)
}

// withConditions adds the author's conditions, as the controller's updateStatus does.
func withConditions(ans resolveAnswer, node *kroruntime.Node, instance *unstructured.Unstructured) resolveAnswer {
	if !node.HasConditions() {
		return ans
	}
	marked := instance.DeepCopy()
	mark := instancecontroller.NewConditionsMarkerFor(marked)
	mark.InstanceManaged()
	mark.GraphResolved()
	if ans.State == "ACTIVE" {
		mark.ResourcesReady()
	} else {
		mark.ResourcesNotReady("awaiting resource readiness: %v", "…")
	}
	var own struct {
		Status struct {
			Conditions []v1alpha1.Condition `json:"conditions"`
		} `json:"status"`
	}
	if err := kruntime.DefaultUnstructuredConverter.FromUnstructured(marked.Object, &own); err != nil {
		return resolveAnswer{Phase: "status", Err: err.Error()}
	}
	authored, _, err := node.EvaluateConditions(logr.Discard(), own.Status.Conditions)
	if err != nil {
		ans.State, ans.ConditionsErr = "ERROR", err.Error()
	}
	for _, condition := range authored {
		ans.Conditions = append(ans.Conditions, map[string]string{
			"type": condition.ConditionType, "status": condition.Status, "reason": condition.Reason, "message": condition.Message,
		})
	}
	return ans
}

func owns(node *kroruntime.Node) bool {
	return node.Spec.Meta.Type == graph.NodeTypeResource || node.Spec.Meta.Type == graph.NodeTypeCollection
}

// process is the controller's processNode: what the node wants, and what is there of it.
func process(node *kroruntime.Node, state *nodeAnswer, w *world) ([]*unstructured.Unstructured, error) {
	ignored, err := node.IsIgnored()
	if err != nil {
		return nil, err
	}
	if ignored {
		state.State = "skipped"
		return nil, nil
	}
	desired, err := node.GetDesired()
	if err != nil {
		return nil, err
	}
	if !owns(node) {
		state.Reads = desired[0].Object
	}
	switch node.Spec.Meta.Type {
	case graph.NodeTypeExternal:
		found := w.find(desired[0])
		if found == nil {
			state.State, state.Err = "waiting", "not found"
			return nil, nil
		}
		node.SetObserved([]*unstructured.Unstructured{found})
		return nil, settle(node, state)
	case graph.NodeTypeExternalCollection:
		items, err := w.list(node.Spec.Meta, desired[0])
		if err != nil {
			return nil, err
		}
		node.SetObserved(items)
		return nil, settle(node, state)
	}
	for _, object := range desired {
		if object.GetName() == "" {
			return nil, errors.New("name is required")
		}
	}
	current := []*unstructured.Unstructured{}
	for _, object := range desired {
		if found := w.find(object); found != nil {
			current = append(current, found)
		}
	}
	if len(current) > 0 || node.Spec.Meta.Type == graph.NodeTypeCollection {
		node.SetObserved(current)
	}
	for _, object := range desired {
		clean := object.DeepCopy()
		unstructured.RemoveNestedField(clean.Object, "metadata", "labels", metadata.CollectionIndexLabel)
		if len(clean.GetLabels()) == 0 && node.Spec.Meta.Type == graph.NodeTypeCollection && !templateHasLabels(node) {
			unstructured.RemoveNestedField(clean.Object, "metadata", "labels")
		}
		state.Objects = append(state.Objects, clean.Object)
	}
	return desired, nil
}

func templateHasLabels(node *kroruntime.Node) bool {
	_, found, _ := unstructured.NestedFieldNoCopy(node.Spec.Template.Object, "metadata", "labels")
	return found
}

// settle sets a node's state by its readiness.
func settle(node *kroruntime.Node, state *nodeAnswer) error {
	err := node.CheckReadiness()
	switch {
	case err == nil:
		state.State = "ready"
	case errors.Is(err, kroruntime.ErrWaitingForReadiness):
		state.State, state.Err = "waiting", err.Error()
	default:
		state.State, state.Err = "error", err.Error()
		if !owns(node) {
			return err
		}
	}
	return nil
}

// apply makes what is wanted and observes it.
func apply(rt *kroruntime.Runtime, desired map[string][]*unstructured.Unstructured, nodes map[string]*nodeAnswer, w *world) *failure {
	owners := map[string]string{}
	for _, node := range rt.Nodes() {
		id := node.Spec.Meta.ID
		for _, object := range desired[id] {
			key := w.key(object)
			if other, ok := owners[key]; ok {
				return &failure{id, fmt.Errorf("found resources with conflicts: resourceID: %s conflicts with resourceID: %s", other, id)}
			}
			owners[key] = id
		}
	}
	for _, node := range rt.Nodes() {
		id := node.Spec.Meta.ID
		objects, ok := desired[id]
		if !ok || nodes[id].State == "skipped" || (objects == nil && nodes[id].Err != "") {
			continue
		}
		var observed []*unstructured.Unstructured
		for index := range objects {
			observed = append(observed, w.make(&unstructured.Unstructured{Object: nodes[id].Objects[index]}))
		}
		if len(observed) > 0 {
			node.SetObserved(observed)
		}
		if err := settle(node, nodes[id]); err != nil {
			return &failure{id, err}
		}
	}
	return nil
}
