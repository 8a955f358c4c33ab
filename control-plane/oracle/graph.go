package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/kubernetes-sigs/kro/api/v1alpha1"
	"github.com/kubernetes-sigs/kro/pkg/features"
	"github.com/kubernetes-sigs/kro/pkg/graph"
)

// clusterRequest says what the cluster of the requests behind it serves.
type clusterRequest struct {
	Kinds []kindFound       `json:"kinds"`
	CRDs  []json.RawMessage `json:"crds"`
}

type graphRequest struct {
	// Definition is a ResourceGraphDefinition: an object, or YAML text.
	Definition json.RawMessage `json:"definition"`
	// CRDs are served too, before those of the cluster.
	CRDs         []json.RawMessage `json:"crds"`
	FeatureGates []string          `json:"featureGates"`
	// Bench is how often to build, for timing.
	Bench int `json:"bench"`
}

type graphAnswer struct {
	OK bool `json:"ok"`
	// Phase tells who refuses: `request`, `build` (kro), `crd` (the API server, the kind that kro makes).
	Phase        string                                    `json:"phase,omitempty"`
	Err          string                                    `json:"err,omitempty"`
	Order        []string                                  `json:"order,omitempty"`
	Dependencies map[string][]string                       `json:"dependencies,omitempty"`
	ApplyOrders  map[string]int                            `json:"applyOrders,omitempty"`
	CRD          *apiextensionsv1.CustomResourceDefinition `json:"crd,omitempty"`
	BuildNs      float64                                   `json:"buildNs,omitempty"`
}

var limits = graph.Config{MaxCollectionSize: 1000, MaxCollectionDimensionSize: 10}

// built is what a request builds: nil with an answer that says why not.
func built(req graphRequest) (*graph.Graph, *cluster, graphAnswer) {
	served := newCluster(base)
	if err := served.addCRDs(req.CRDs); err != nil {
		return nil, nil, graphAnswer{Phase: "request", Err: err.Error()}
	}
	definition, err := readDefinition(req.Definition)
	if err != nil {
		return nil, nil, graphAnswer{Phase: "request", Err: err.Error()}
	}
	if err := features.FeatureGate.SetFromMap(gates(req.FeatureGates)); err != nil {
		return nil, nil, graphAnswer{Phase: "request", Err: err.Error()}
	}
	builder, err := graph.NewBuilder(nil, nil, graph.WithSchemaResolver(served), graph.WithRESTMapper(served.restMapper()))
	if err != nil {
		return nil, nil, graphAnswer{Phase: "request", Err: err.Error()}
	}
	g, err := builder.NewResourceGraphDefinition(definition, limits)
	if err != nil {
		return nil, nil, graphAnswer{Phase: "build", Err: err.Error()}
	}
	ans := graphAnswer{OK: true, Order: g.TopologicalOrder, ApplyOrders: g.ApplyOrders, CRD: g.CRD}
	ans.Dependencies = map[string][]string{}
	for id, node := range g.Nodes {
		ans.Dependencies[id] = node.Meta.Dependencies
	}
	if err := admitted(g.CRD); err != nil {
		// What the API server does not read cannot be shown either.
		ans.OK, ans.Phase, ans.Err, ans.CRD = false, "crd", err.Error(), nil
	}
	if req.Bench > 0 {
		ans.BuildNs = fastest(req.Bench, func() { builder.NewResourceGraphDefinition(definition, limits) })
	}
	return g, served, ans
}

// readDefinition gives a definition the defaults of its API.
func readDefinition(raw json.RawMessage) (*v1alpha1.ResourceGraphDefinition, error) {
	raw, err := asJSON(raw)
	if err != nil {
		return nil, err
	}
	definition := &v1alpha1.ResourceGraphDefinition{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if err := decoder.Decode(definition); err != nil {
		return nil, err
	}
	if definition.Spec.Schema == nil {
		return nil, errors.New("spec.schema is missing")
	}
	if definition.Spec.Schema.Group == "" {
		definition.Spec.Schema.Group = v1alpha1.KRODomainName
	}
	if definition.Spec.Schema.Scope == "" {
		definition.Spec.Schema.Scope = v1alpha1.ResourceScopeNamespaced
	}
	return definition, nil
}

func gates(on []string) map[string]bool {
	all := map[string]bool{string(features.CELOmitFunction): false}
	for _, gate := range on {
		all[gate] = true
	}
	return all
}

const unreadable = `CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: %w`

// admitted is what the API server says when kro creates the kind.
func admitted(crd *apiextensionsv1.CustomResourceDefinition) error {
	converted, err := sent(crd)
	if err != nil {
		return fmt.Errorf(unreadable, err)
	}
	if problems := validation.ValidateCustomResourceDefinition(context.Background(), converted); len(problems) > 0 {
		return apierrors.NewInvalid(apiextensionsv1.Kind("CustomResourceDefinition"), crd.Name, problems)
	}
	return nil
}

// sent is a definition as the API server reads it.
func sent(crd *apiextensionsv1.CustomResourceDefinition) (*apiextensions.CustomResourceDefinition, error) {
	text, err := json.Marshal(crd)
	if err != nil {
		return nil, err
	}
	read := &apiextensionsv1.CustomResourceDefinition{}
	if err := json.Unmarshal(text, read); err != nil {
		return nil, err
	}
	return internal(read)
}
