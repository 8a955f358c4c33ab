package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"sort"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubernetes-sigs/kro/pkg/graph"
)

// world has the objects of a cluster that is only imagined.
type world struct {
	cluster *cluster
	objects map[string]*unstructured.Unstructured
	given   map[string]bool
	changed bool
}

func newWorld(served *cluster) *world {
	return &world{cluster: served, objects: map[string]*unstructured.Unstructured{}, given: map[string]bool{}}
}

func (w *world) key(object *unstructured.Unstructured) string {
	gvk := object.GroupVersionKind()
	return fmt.Sprintf("%s/%s/%s/%s", gvk.Group, gvk.Kind, object.GetNamespace(), object.GetName())
}

func (w *world) give(object map[string]any) {
	given := &unstructured.Unstructured{Object: object}
	w.objects[w.key(given)] = given
	w.given[w.key(given)] = true
}

func (w *world) find(object *unstructured.Unstructured) *unstructured.Unstructured {
	return w.objects[w.key(object)]
}

// make says what is there once an object is applied.
func (w *world) make(object *unstructured.Unstructured) *unstructured.Unstructured {
	key := w.key(object)
	if w.given[key] {
		return w.objects[key]
	}
	if before, ok := w.objects[key]; !ok || !reflect.DeepEqual(before.Object, object.Object) {
		w.changed = true
		w.objects[key] = object.DeepCopy()
	}
	return w.objects[key]
}

// list is the controller's observeExternalCollection.
func (w *world) list(node graph.NodeMeta, desired *unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	selector, err := selectorOf(node.ID, desired)
	if err != nil {
		return nil, err
	}
	namespace := desired.GetNamespace()
	if !node.Namespaced {
		namespace = ""
	}
	var keys []string
	for key, object := range w.objects {
		if object.GroupVersionKind().GroupKind() == desired.GroupVersionKind().GroupKind() &&
			(namespace == "" || object.GetNamespace() == namespace) && selector.Matches(labels.Set(object.GetLabels())) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	items := make([]*unstructured.Unstructured, len(keys))
	for i, key := range keys {
		items[i] = w.objects[key]
	}
	return items, nil
}

func selectorOf(id string, desired *unstructured.Unstructured) (labels.Selector, error) {
	raw, found, err := unstructured.NestedMap(desired.Object, "metadata", "selector")
	if err != nil || !found {
		return labels.Everything(), nil
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return nil, fmt.Errorf("failed to convert selector for %s: %w", id, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	given := &metav1.LabelSelector{}
	if err := decoder.Decode(given); err != nil {
		return nil, fmt.Errorf("failed to convert selector for %s: %w", id, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(given)
	if err != nil {
		return nil, fmt.Errorf("invalid label selector for %s: %w", id, err)
	}
	return selector, nil
}
